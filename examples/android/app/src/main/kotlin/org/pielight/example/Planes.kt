package org.pielight.example

import kotlin.math.roundToInt

/** Colors of Android, one Int a pixel, as what the graph takes: planes of red, green and blue in [0, 1]. */
object Planes {
    fun of(colors: IntArray): FloatArray {
        val planes = FloatArray(3 * colors.size)
        for (at in colors.indices) {
            for (channel in 0..2) {
                planes[channel * colors.size + at] = (colors[at] shr (16 - 8 * channel) and 255) / 255f
            }
        }
        return planes
    }

    fun colors(planes: FloatArray): IntArray {
        val size = planes.size / 3
        return IntArray(size) { at ->
            (0..2).fold(255) { color, channel -> color shl 8 or (planes[channel * size + at] * 255).roundToInt() }
        }
    }
}
