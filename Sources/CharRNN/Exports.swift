// Whoever imports CharRNN names devices and meets their errors; both are OpenCLCompute's.
@_exported import OpenCLCompute
