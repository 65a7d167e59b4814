"""What every family of tests shares."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# No test depends on how fast a machine is, nor on what else it does meanwhile.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
