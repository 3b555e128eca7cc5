// Whoever imports CharRNN names devices and meets their errors, which are OpenCLCompute's, and a FileError.
@_exported import CharRNNFiles
@_exported import OpenCLCompute
