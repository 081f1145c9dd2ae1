package org.pielight.example

import android.app.Activity
import android.content.Intent
import android.graphics.ImageDecoder
import android.os.Bundle
import android.widget.ImageView
import kotlin.concurrent.thread

/** Lets a photo be chosen, and shows it brightened. */
class MainActivity : Activity() {
    private val brightener by lazy { Brightener(assets) }
    private lateinit var view: ImageView

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        view = ImageView(this).apply { setOnClickListener { choose() } }
        setContentView(view)
        choose()
    }

    private fun choose() =
        startActivityForResult(Intent(Intent.ACTION_OPEN_DOCUMENT).setType("image/*"), 0)

    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        val address = data?.data ?: return
        thread {
            val photo = ImageDecoder.decodeBitmap(ImageDecoder.createSource(contentResolver, address)) { decoder, _, _ ->
                decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE // pixels that can be read
            }
            val bright = synchronized(brightener) { brightener.brighten(photo) }
            runOnUiThread { view.setImageBitmap(bright) }
        }
    }
}
