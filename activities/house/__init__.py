"""Running the desk on one machine: the embedded Temporal server, the processes of ``holdfast up``, the first run, the doctor."""
