"""What holds for all tests: a slow machine fails none of those that generate their input."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For what a commit must pass; `make test` then looks further.
settings.register_profile("quick", settings.get_profile("patient"), max_examples=25)
settings.load_profile("patient")
