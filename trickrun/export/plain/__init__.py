"""What exported programs are made of: functions that need numpy and torch, and nothing of ours but
what is written out with them. ``said`` is what their ``preprocessing.json`` says."""
