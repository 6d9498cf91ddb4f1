"""The plan to look at: as a grid, a calendar and pictures, why a play is where it is, and what moved."""
