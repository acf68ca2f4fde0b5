"""What the workers do for tables: Avro, Parquet, Arrow batches, databases. Imports no library before it is needed."""
