import Foundation
import OpenCLCompute

extension Device {
    /// Every device found; OpenCL's processors also as the GPUs that a test machine seldom has; and the CPU
    /// with other numbers of threads: work that one thread does whole is shared out unevenly among three.
    ///
    /// Where the driver is another, and the CPU device the one that was tested before, CHAR_RNN_TESTS=opencl in the
    /// environment leaves that out.
    package static let underTest: [Device] = {
        let openCL = available.filter(\.isOpenCL) + OpenCLPlatform.processorsAsGPUs()
        guard ProcessInfo.processInfo.environment["CHAR_RNN_TESTS"] != "opencl" else { return openCL }
        return [.cpu] + openCL + [1, 3].map { Device.processor(threadCount: $0) }
    }()

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
