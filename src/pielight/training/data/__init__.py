"""Training data: pictures, batches, and what is computed of them beforehand."""
