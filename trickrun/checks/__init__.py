"""The steps of the checklist: each derives a recipe, compiles it afresh, measures and judges."""
