"""The options with which a stage serves its metrics to Prometheus."""

from typing import Annotated

import typer

MetricsPort = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, show_default="off",
        help="serve Prometheus metrics at this port, one for each process; 0: any free one",
    ),
]  # fmt: skip
MetricsHost = Annotated[
    str, typer.Option(help="address of --metrics-port; 0.0.0.0: all, for a Prometheus in Docker")
]
LOCAL = "127.0.0.1"
