"""What every test shares."""

from hypothesis import settings

# No deadline: a shared machine stalls now and then, and a slow example is no wrong one.
settings.register_profile("router", deadline=None)
settings.load_profile("router")
