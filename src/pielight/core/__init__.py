"""What every part uses: threads, files, standard streams, optional packages, tables."""
