# The desk's own image: API, worker and migrations are the same image with another command. Nothing in it runs as root.

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/holdfast
ENV PATH=/opt/holdfast/bin:$PATH
COPY requirements/run.txt requirements/sso.txt /build/requirements/
# Every package by its exact version and hash. Binary ones only, so no compiler is needed.
RUN pip install --require-hashes --only-binary :all: -r /build/requirements/run.txt -r /build/requirements/sso.txt
WORKDIR /build
COPY pyproject.toml README.md LICENSE worker.py cli.py ./
COPY workflows workflows
COPY activities activities
COPY emails emails
COPY api api
RUN pip install --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="Holdfast" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 holdfast && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/holdfast --shell /usr/sbin/nologin holdfast \
    && install -d -o holdfast -g holdfast -m 0700 /var/lib/holdfast
COPY --from=build /opt/holdfast /opt/holdfast
ENV PATH=/opt/holdfast/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOLDFAST_DATA_DIR=/var/lib/holdfast
USER 10001:10001
WORKDIR /var/lib/holdfast
EXPOSE 8080
ENTRYPOINT ["holdfast"]
CMD ["api"]
