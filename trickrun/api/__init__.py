"""What ``import trickrun`` offers; ``trickrun/__init__.py`` forwards to here when it is asked."""
