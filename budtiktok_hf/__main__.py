"""`python -m budtiktok_hf`."""

import sys

from budtiktok_hf.cli import main

sys.exit(main())
