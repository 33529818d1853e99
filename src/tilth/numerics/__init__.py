"""Arrays in, arrays out.

The maths of tilth as plain functions: agreement, consensus, confident learning, neighbours, calibration and the like.
Nothing here reads a file, prints, reports progress or touches global random state, and every function can be called
from a notebook without a workspace. This module imports nothing; ask for the file that holds what you need.
"""
