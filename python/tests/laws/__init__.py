"""Laws of the RDD API against a model of plain lists."""
