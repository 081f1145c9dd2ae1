"""Core ML, for Apple's devices: converted and checked in structure, since it runs nowhere else."""

from __future__ import annotations

import logging
import shutil
import warnings
from pathlib import Path

import torch

from pielight.core.extras import require
from pielight.errors import ModelError, OptionError
from pielight.training.export.graph import Arrays, Graph, Precision


def write(graph: Graph, path: Path, precision: Precision, samples: list[Arrays]) -> None:
    """Write an ``.mlpackage`` folder for iOS 16, macOS 13 and later.

    ``fp16`` computes in half precision, which the counts of ``full`` do not fit into; ``int8`` stores weights in 8
    bits.

    Raises:
        OptionError: ``full`` in half precision.
        ModelError: What was written is not what was asked for.
    """
    del samples
    if precision == "fp16" and graph.what == "full":
        raise OptionError("coreml, full: counts pixels, more than half precision holds; leave --fp16 out")
    require("export-coreml")
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import coremltools

        with torch.no_grad():
            traced = torch.jit.trace(graph.module, graph.example(), check_trace=False)
        model = coremltools.convert(
            traced,
            inputs=[coremltools.TensorType(name, shape, dtype=float) for name, shape in graph.inputs.items()],
            outputs=[coremltools.TensorType(name, dtype=float) for name in graph.outputs],
            convert_to="mlprogram", minimum_deployment_target=coremltools.target.iOS16,
            compute_precision=getattr(coremltools.precision, "FLOAT16" if precision == "fp16" else "FLOAT32"),
            skip_model_load=True,
        )  # fmt: skip
        if precision == "int8":
            from coremltools.optimize import coreml

            config = coreml.OptimizationConfig(coreml.OpLinearQuantizerConfig(mode="linear_symmetric"))
            model = coreml.linear_quantize_weights(model, config)
        shutil.rmtree(path, ignore_errors=True)
        model.save(str(path))
    check(path, graph)


def check(path: Path, graph: Graph) -> None:
    """Check the structure of what was written: a program, with the graph's inputs and outputs, and their shapes.

    Raises:
        ModelError: It is another one.
    """
    import coremltools

    spec = coremltools.utils.load_spec(str(path))
    shapes = {item.name: tuple(item.type.multiArrayType.shape) for item in spec.description.input}
    outputs = tuple(item.name for item in spec.description.output)
    if spec.WhichOneof("Type") != "mlProgram" or shapes != dict(graph.inputs) or outputs != graph.outputs:
        raise ModelError(f"{path}: converted to inputs {shapes} and outputs {outputs}, which is another graph")
