"""One BLAS thread: on a busy machine more of them make these tests twenty times slower."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
