"""Pages of administration: directory, catalogue, keys, exchange, audit (process.md S1, S2, S5, S10, S21, S22)."""

from api.routes.admin import audit, categories, exchange, groups, keys, people, rotas, services

ROUTERS = (
    people.router,
    groups.router,
    rotas.router,
    services.router,
    categories.router,
    keys.router,
    exchange.router,
    audit.router,
)
