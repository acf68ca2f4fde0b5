"""A real HDFS and YARN cluster on this machine: NameNode, DataNodes, ResourceManager and NodeManagers as own JVMs.

settings.py  what the user asked for, and the addresses and ports that were found free
conffiles.py settings -> core-site.xml, hdfs-site.xml, yarn-site.xml, mapred-site.xml, capacity-scheduler.xml
jars.py      the daemons' jars, resolved once by Maven; the Java that runs them
daemons.py   starts, polls and ends the JVMs; the state file lists all and only the processes started here
launchers.py the hadoop, hdfs and yarn commands
"""
