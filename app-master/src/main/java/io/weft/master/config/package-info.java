/**
 * Settings. In: {@code weft-default.xml} (the definitions), {@code conf/weft-site.xml}, {@code conf/weft-defaults.conf} and the
 * driver's settings; out: typed records. Nothing outside this package reads a key. All errors are reported together.
 */
package io.weft.master.config;
