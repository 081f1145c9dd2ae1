package org.pielight.example

import android.content.res.AssetManager
import android.graphics.Bitmap
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import kotlin.math.roundToInt

/**
 * Brightens photos on the phone: `pielight export --to litert --what full --size 1024x768`, and 768x1024 for upright ones.
 *
 * CPU, since the graph counts pixels, which half precision of a GPU cannot. One photo at a time, off the main thread.
 */
class Brightener(private val assets: AssetManager) : AutoCloseable {
    private val models = HashMap<String, CompiledModel>()

    /**
     * Return the photo brightened, in its own shape, scaled down to 1024 pixels on the longer side.
     *
     * The model takes 4:3 and 3:4 alone, so that other photos are stretched to it and back.
     */
    fun brighten(photo: Bitmap): Bitmap {
        val (width, height) = if (photo.width >= photo.height) Pair(1024, 768) else Pair(768, 1024)
        val model = models.getOrPut("pie-full-${width}x$height.tflite") { open("pie-full-${width}x$height.tflite") }
        val colors = IntArray(width * height)
        Bitmap.createScaledBitmap(photo, width, height, true).getPixels(colors, 0, width, 0, 0, width, height)
        val inputs = model.createInputBuffers()
        val outputs = model.createOutputBuffers()
        inputs[0].writeFloat(Planes.of(colors))
        model.run(inputs, outputs)
        val bright = Planes.colors(outputs[0].readFloat())
        (inputs + outputs).forEach { it.close() }
        val scale = minOf(1f, 1024f / maxOf(photo.width, photo.height))
        val (across, down) = listOf(photo.width, photo.height).map { maxOf(1, (it * scale).roundToInt()) }
        val stretched = Bitmap.createBitmap(bright, width, height, Bitmap.Config.ARGB_8888)
        return Bitmap.createScaledBitmap(stretched, across, down, true)
    }

    override fun close() = models.values.forEach { it.close() }

    private fun open(name: String) = CompiledModel.create(assets, name, CompiledModel.Options(Accelerator.CPU))
}
