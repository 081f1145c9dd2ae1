"""LiteRT, formerly TensorFlow Lite: Android's own runtime, also for iOS, Raspberry Pi and browsers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pielight.core.extras import require
from pielight.training.export.graph import Arrays, Graph, Precision, Run

_LAYERS = ("CONV_2D", "FULLY_CONNECTED")


def write(graph: Graph, path: Path, precision: Precision, samples: list[Arrays]) -> None:
    """Write a ``.tflite`` file, whose pictures are (1, C, H, W) as in every other format here.

    ``fp16`` keeps the weights of layers in half precision; ``int8`` makes them 8 bits, and activations while it runs.
    """
    del samples
    require("export-litert")
    import litert_torch

    litert_torch.convert(graph.module, graph.example()).export(str(path))
    if precision != "fp32":
        _quantize(path, precision)


def open_file(path: Path, graph: Graph, threads: int = 1) -> Run:
    """Open a file in LiteRT."""
    require("export-litert")
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path), num_threads=threads).get_signature_runner()
    outputs = len(graph.outputs)

    def run(values: Arrays) -> list[NDArray[np.float32]]:
        found = runner(**{f"args_{place}": value for place, value in enumerate(values)})
        return [found[f"output_{place}"] for place in range(outputs)]

    return run


def _quantize(path: Path, precision: Precision) -> None:
    from ai_edge_quantizer import quantizer, recipe_manager
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    recipe = recipe_manager.RecipeManager()
    for layer in _LAYERS:
        kind = TFLOperationName(layer)
        if precision == "int8":
            recipe.add_dynamic_config(regex=".*", operation_name=kind, num_bits=8)
        else:
            recipe.add_weight_only_config(
                regex=".*", operation_name=kind, num_bits=16, algorithm_key=AlgorithmName.FLOAT_CASTING
            )
    made = quantizer.Quantizer(str(path), recipe.get_quantization_recipe()).quantize()
    path.write_bytes(made.quantized_model)
