/**
 * Runners in containers of a YARN cluster: asks the ResourceManager, starts containers on NodeManagers, reports what came and
 * went. The only package of the ApplicationMaster that knows YARN's types.
 */
package io.weft.master.backend.yarn;
