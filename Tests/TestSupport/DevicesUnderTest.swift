import OpenCLCompute

extension Device {
    /// Every device found; OpenCL's processors also as the GPUs that a test machine seldom has; and the CPU
    /// with other numbers of threads: work that one thread does whole is shared out unevenly among three.
    package static let underTest: [Device] =
        available + OpenCLPlatform.processorsAsGPUs() + [1, 3].map { Device.processor(threadCount: $0) }

    /// OpenCL's processors as GPUs whose tuning has a layer's time steps be one launch.
    package static let fusingGPUs = tunedGPUs { GPUTuning.fused($0, upTo: .max) }

    /// OpenCL's processors as GPUs whose tuning has the products of time steps be CLBlast's.
    package static let steppingGPUs = tunedGPUs { GPUTuning.whole($0, upTo: 0) }

    private static func tunedGPUs(_ parameters: (RecurrentCell) -> GPUTuning.Parameters) -> [Device] {
        OpenCLPlatform.processorsAsGPUs().map { gpu in
            for cell in RecurrentCell.allCases { try! gpu.tuning!.apply(parameters(cell)) }
            return gpu
        }
    }

    /// Every device in ``underTest``, and GPUs whose tuning launches recurrent layers in another way.
    package static let ofAllLaunches = underTest + fusingGPUs + steppingGPUs

    package var isOpenCL: Bool { kind != .cpu }
}
