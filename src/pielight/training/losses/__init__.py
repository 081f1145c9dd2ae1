"""The constraints of PIE and learning by inversion, one file each, as plain functions of tensors."""
