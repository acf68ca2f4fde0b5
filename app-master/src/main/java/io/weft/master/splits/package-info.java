/** Input paths go in, splits with preferred hosts come out, as many and in the order Hadoop's TextInputFormat makes. */
package io.weft.master.splits;
