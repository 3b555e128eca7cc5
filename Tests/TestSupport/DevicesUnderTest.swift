import OpenCLCompute

extension Device {
    /// Every device found; OpenCL's processors also as the graphics cards that a test machine seldom has; and the CPU
    /// with other numbers of threads: work that one thread does whole is shared out unevenly among three.
    package static let underTest: [Device] =
        available + OpenCLPlatform.processorsAsCards() + [1, 3].map { Device.processor(threadCount: $0) }

    /// OpenCL's processors as cards whose tuning has a layer's time steps be one launch.
    package static let fusingCards: [Device] = OpenCLPlatform.processorsAsCards().map { card in
        for cell in RecurrentCell.allCases { try! card.tuning!.apply(CardTuning.fused(cell, upTo: .max)) }
        return card
    }

    package var isOpenCL: Bool { kind != .cpu }
}
