"""Signing in through an identity provider, by OpenID Connect (process.md S22). The protocol comes from the extra sso; here stands what we believe."""
