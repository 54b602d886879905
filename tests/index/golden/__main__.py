"""Make the golden index of the format that is written today."""

from tests.index.golden import FOLDER, make

make(FOLDER)
