"""What every part uses: color, pixels, threads, atomic files, streams, progress, tables, optional packages."""
