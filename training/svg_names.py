"""How the files of a plot are named. Light: pages link to both."""


def dark_name(file: str) -> str:
    """Return the name of the drawing for dark pages beside the one for light pages."""
    return f"{file.removesuffix('.svg')}-dark.svg"
