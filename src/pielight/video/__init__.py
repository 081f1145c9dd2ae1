"""Clips: read, enhanced frame by frame, and written again with everything else that their files hold."""
