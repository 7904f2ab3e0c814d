"""How the laws are tried (hypothesis), for all tests.

`fixed` is what `make test` and CI run: the same examples each time, without time limits and without a memory of earlier
failures. A red run is red for everybody, and a slow machine is no failure. `soak` draws new examples each time;
IVR_ENGINE_EXAMPLES names the one to use.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How long drawing takes says something about the machine only.
PATIENT = (HealthCheck.too_slow,)

settings.register_profile("fixed", deadline=None, database=None, derandomize=True, suppress_health_check=PATIENT)
settings.register_profile("soak", deadline=None, database=None, print_blob=True, suppress_health_check=PATIENT)
settings.load_profile(os.environ.get("IVR_ENGINE_EXAMPLES", "fixed"))
