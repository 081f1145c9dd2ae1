"""The node "Brighten (pielight)" for ComfyUI."""

from .brighten_node import Brighten

NODE_CLASS_MAPPINGS = {"PielightBrighten": Brighten}
NODE_DISPLAY_NAME_MAPPINGS = {"PielightBrighten": "Brighten (pielight)"}
