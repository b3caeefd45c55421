"""A person's own data: read from tables, pictures or a drawing, kept under the hash of what they are.

Their name, ``own:`` and a letter for their kind (l on a line, p in the plane, i images) before twenty digits of the
hash, stands in an address and says which file it is; whoever holds it on the same server can use them.
"""

from genlab.data.own.drawing import from_density, from_heights
from genlab.data.own.examples import MOST_PICTURES, MOST_ROWS, NothingYet, OwnError, name_of
from genlab.data.own.pictures import pictures
from genlab.data.own.sets import load, own_images, own_points, split, take_in
from genlab.data.own.shelf import SOMEBODY, Shelf, Standing
from genlab.data.own.tables import table

__all__ = [
    "MOST_PICTURES",
    "MOST_ROWS",
    "NothingYet",
    "OwnError",
    "SOMEBODY",
    "Shelf",
    "Standing",
    "from_density",
    "from_heights",
    "load",
    "name_of",
    "own_images",
    "own_points",
    "pictures",
    "split",
    "table",
    "take_in",
]
