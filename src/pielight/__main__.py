"""``python -m pielight`` does what ``pielight`` does."""

from pielight.cli import main

if __name__ == "__main__":
    main(prog_name="pielight")
