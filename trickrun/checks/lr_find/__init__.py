"""Step 3: which learning rate?"""
