"""Step 6: what do the loss curves of runs show, and what is to be done?"""
