"""Training of the denoiser, by the physics of noise on clean photographs alone."""
