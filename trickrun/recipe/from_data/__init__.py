"""Recipes written for somebody's data: a file for each kind of facts about it."""
