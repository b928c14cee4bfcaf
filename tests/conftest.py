"""What every test shares."""

from hypothesis import settings

# A deadline measures how busy the machine is: the first example also pays for importing torch.
settings.register_profile("trickrun", deadline=None)
settings.load_profile("trickrun")
