"""Trackers: what a run's folder holds, sent to TensorBoard, MLflow, Weights & Biases or Trackio."""
