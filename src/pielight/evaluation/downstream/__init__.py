"""pielight before other models: what they see in dark pictures, and how well. Loads no torch."""
