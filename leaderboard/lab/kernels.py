"""The kernel of a headless run: this very Python, our settings, nothing of the user's own."""

import os
from collections.abc import Mapping
from typing import IO, Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default


def kernel_manager(variables: Mapping[str, str], log: IO[bytes]) -> type[AsyncKernelManager]:
    """A manager class whose kernels are `sys.executable` with `variables` in the environment.

    What the kernel process itself says (not a cell) goes to `log`.
    """

    class RunnerKernelManager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _own_python(self) -> KernelSpecManager:
            # no folder to look into: what is left is ipykernel in the interpreter that runs this
            return KernelSpecManager(kernel_dirs=[], parent=self)

        async def _async_pre_start_kernel(self, **kw: Any) -> tuple[list[str], dict[str, Any]]:
            kw["env"] = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **variables}
            kw["stdout"] = kw["stderr"] = log
            return await super()._async_pre_start_kernel(**kw)

        pre_start_kernel = _async_pre_start_kernel

    return RunnerKernelManager
