"""What all tests share: one profile for the property tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]  # the conformance kit is tested by running it

# A machine that runs other tests beside is slow now and then; that says nothing about the code.
settings.register_profile("jackfield", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jackfield")
