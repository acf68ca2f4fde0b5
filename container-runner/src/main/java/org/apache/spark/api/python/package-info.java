/** An interface of PySpark's that programs' own classes implement. */
package org.apache.spark.api.python;
