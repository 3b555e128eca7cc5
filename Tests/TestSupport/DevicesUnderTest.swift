import OpenCLCompute

extension Device {
    /// Every device found; OpenCL's processors also as the GPUs that a test machine seldom has; and the CPU
    /// with other numbers of threads: work that one thread does whole is shared out unevenly among three.
    package static let underTest: [Device] =
        available + OpenCLPlatform.processorsAsGPUs() + [1, 3].map { Device.processor(threadCount: $0) }

    /// OpenCL's processors as GPUs whose tuning has a layer's time steps be one launch.
    package static let fusingGPUs: [Device] = OpenCLPlatform.processorsAsGPUs().map { gpu in
        for cell in RecurrentCell.allCases { try! gpu.tuning!.apply(GPUTuning.fused(cell, upTo: .max)) }
        return gpu
    }

    package var isOpenCL: Bool { kind != .cpu }
}
