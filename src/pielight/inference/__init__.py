"""Models in ONNX files, and how they are run on pictures."""
